"""
Score a Parquet file in batches
===============================

A file that is larger than memory is read, predicted and written a batch of rows at a time, with
Arrow. What a row is predicted does not depend on the batch that it is in.
"""

import tempfile
import tracemalloc
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sknumpynet import TabularMLPRegressor

# %%
# A table of prices, of which a model learns a part.
rng = np.random.default_rng(0)
n_rows = 200_000
size = rng.gamma(4.0, 20.0, n_rows)
district = rng.choice(["centre", "harbour", "hills"], n_rows)
factor = np.select([district == "centre", district == "harbour"], [1.5, 0.9], 1.1)
price = 20.0 * size * factor * rng.lognormal(0.0, 0.1, n_rows)
flats = pa.table({"size": size, "district": district})
model = TabularMLPRegressor("fast", random_state=0).fit(flats[:2_000], price[:2_000])

folder = Path(tempfile.mkdtemp())
pq.write_table(flats, folder / "flats.parquet", row_group_size=20_000)

# %%
# ``iter_batches`` reads some rows at a time, the model takes them as they are, and what it predicts
# goes to another file at once.
SCHEMA = pa.schema([("price", pa.float64())])


def score(batch_size: int) -> int:
    """Return the most memory that Python takes."""
    tracemalloc.start()
    with (
        pq.ParquetFile(folder / "flats.parquet") as source,
        pq.ParquetWriter(folder / "prices.parquet", SCHEMA) as target,
    ):
        for batch in source.iter_batches(batch_size):
            predicted = model.predict(pa.table(batch))
            target.write_table(pa.table([predicted], schema=SCHEMA))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


sizes = [1_000, 5_000, 20_000, 50_000]
memory = [score(size) / 2**20 for size in sizes]

# %%
# The same to the bit as from a table that is held as a whole.
whole = model.predict(flats)
in_batches = pq.read_table(folder / "prices.parquet")["price"].to_numpy()
assert np.array_equal(whole, in_batches)

fig, ax = plt.subplots(figsize=(6, 2.8), layout="constrained")
ax.plot(sizes, memory, "o-")
ax.set(xlabel="rows of a batch", ylabel="most memory (MiB)", xscale="log")
ax.set_ylim(bottom=0)
ax.set_title(f"{n_rows:,} rows")
plt.show()
