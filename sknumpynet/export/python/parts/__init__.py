"""What exported modules are put together from; nothing here is imported by the rest.

Functions whose source is written out as it stands here, so that it is linted, typed and tested.
They may use the package where what they use needs NumPy and the standard library only.
"""
