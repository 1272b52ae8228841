"""Benchmarks: each checks that all sides computed the same thing, then times them in turn.

python -m benchmarks.make_moons       fits and predictions on whole data sets: the main job
python -m benchmarks.training_step    microseconds a step, against PyTorch and the bare products
python -m benchmarks.predict          one row and many, time and peak memory
"""
