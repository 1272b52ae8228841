"""The engine: NumPy and SciPy only, never scikit-learn.

`architectures` puts a `network.Network` together of `layers`. The way of the data through a step
of training::

    batching.Batches → network.forward_propagation → losses.Loss → network.backward_propagation
        → optimizers.update_parameters

`training.train` is the loop around it: `epochs.Epochs` takes the steps, `scheduler.Scheduler` sets
their rates, `monitor.Monitor` says when a network stops. `lbfgs.minimize_lbfgs` is the one
alternative. `inference` is the way from rows to predictions.
"""
