"""The embedded fleet: four small real engines that `zeta serve --embedded` starts and supervises.

It exists so that a fresh machine routes real queries to real models without a GPU, a download at
run time or a service to install. The models are stand-ins with the right relative speeds, not the
models they are named after (docs/decisions/0011).
"""
