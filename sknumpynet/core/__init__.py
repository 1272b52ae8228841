"""The engine: NumPy and SciPy only, never scikit-learn.

The way of the data through a step of training::

    batching.Batches → network.forward_propagation → losses.Loss → network.backward_propagation
        → optimizers.update_parameters

`training.train` is the loop around it, `lbfgs.minimize_lbfgs` the one alternative.
"""
