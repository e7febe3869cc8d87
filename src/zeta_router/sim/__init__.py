"""The simulator: engine models, workloads and bounds around the product's own router.

It drives the same `ZetaDynamicRouter` object as the gateway does, in virtual time, so that a
simulated result says something about the product. Nothing here opens a socket.
"""
