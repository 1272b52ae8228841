"""
Serve a saved model, one row a request
======================================

A program that answers over HTTP needs a loaded model and a few lines around it. Here it is
`Starlette <https://www.starlette.io>`_, run by uvicorn; both are well kept, and this package needs
neither. What a request takes is mostly the way there and back.
"""

import http.client
import json
import tempfile
import threading
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import uvicorn
from sklearn.datasets import load_breast_cancer
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from sknumpynet import TabularMLPClassifier, load_model

# %%
# A model is fitted somewhere, distilled into one network, and saved. The file can be sent: loading
# it runs no code.
X, y = load_breast_cancer(return_X_y=True, as_frame=True)
ensemble = TabularMLPClassifier("fast", random_state=0).fit(X[:400], y[:400])
path = Path(tempfile.mkdtemp()) / "tumours.sknn"
ensemble.distil(X[:400]).save_model(path)
print(f"{path.stat().st_size / 1024:.0f} KiB")

# %%
# The server. A row comes as JSON by the names of its columns, of which some may be missing. Errors
# of the model name the column, and go back as such. A fitted model changes nothing when it
# predicts, so that threads may share it.
model = load_model(path)


async def predict(request: Request) -> JSONResponse:
    row = await request.json()
    try:
        frame = pd.DataFrame([row]).reindex(columns=model.feature_names_in_)
        probabilities = await run_in_threadpool(model.predict_proba, frame)
    except (TypeError, ValueError) as error:
        return JSONResponse({"error": str(error)}, status_code=422)
    named = zip(model.classes_.astype(str), probabilities[0].tolist(), strict=True)
    return JSONResponse(dict(named))


application = Starlette(routes=[Route("/predict", predict, methods=["POST"])])
server = uvicorn.Server(uvicorn.Config(application, port=0, log_level="warning"))
threading.Thread(target=server.run, daemon=True).start()
while not server.started:
    time.sleep(0.01)
port = server.servers[0].sockets[0].getsockname()[1]

# %%
# Somebody asks, a row at a time, on one connection.
connection = http.client.HTTPConnection("127.0.0.1", port)


def ask(row: dict[str, object]) -> tuple[int, dict[str, object]]:
    connection.request("POST", "/predict", json.dumps(row), {"Content-Type": "application/json"})
    response = connection.getresponse()
    return response.status, json.loads(response.read())


rows = X[400:].to_dict("records")
print(ask(rows[0]))
print(ask({"mean radius": 14.0}))
print(ask({**rows[0], "mean radius": "large"}))

# %%
# How long it takes, beside the prediction alone and a request that asks nothing of a model.
seconds: dict[str, list[float]] = {"request": [], "prediction": []}
for row in rows * 2:
    start = time.perf_counter()
    status, answer = ask(row)
    seconds["request"].append(time.perf_counter() - start)
    frame = pd.DataFrame([row])
    start = time.perf_counter()
    expected = model.predict_proba(frame)[0]
    seconds["prediction"].append(time.perf_counter() - start)
    assert status == 200
    assert np.allclose(list(answer.values()), expected)
server.should_exit = True

fig, ax = plt.subplots(figsize=(6, 2.8), layout="constrained")
for name, own in seconds.items():
    milliseconds = np.sort(own) * 1e3
    median, late = np.quantile(milliseconds, [0.5, 0.99])
    print(f"{name}: median {median:.1f} ms, 99 of 100 within {late:.1f} ms")
    ax.plot(milliseconds, np.linspace(0, 1, len(own)), label=name)
ax.set(xscale="log", xlabel="milliseconds", ylabel="part that was as quick")
ax.legend()
plt.show()
