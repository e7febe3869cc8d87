"""Configuration: `zeta.yaml` in, checked values out, and nothing half read.

`load_file` and `load_text` read it, `ConfigErrors` says everything that is wrong with it.
"""

from zeta_router.app.config.load import load_file, load_text
from zeta_router.app.config.loaded import (
    ClassifierSettings,
    EndpointSettings,
    Listen,
    LoadedConfig,
    LogSettings,
    Resources,
    Secret,
    TlsFiles,
)
from zeta_router.app.config.report import ConfigErrors, Place, Problem

__all__ = [
    "ClassifierSettings",
    "ConfigErrors",
    "EndpointSettings",
    "Listen",
    "LoadedConfig",
    "LogSettings",
    "Place",
    "Problem",
    "Resources",
    "Secret",
    "TlsFiles",
    "load_file",
    "load_text",
]
