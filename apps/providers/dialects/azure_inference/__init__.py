"""Azure AI Model Inference.

Source: learn.microsoft.com/azure/machine-learning/reference-model-inference-api and the
specification ModelInference 2025-05-01 of azure-rest-api-specs.
"""

from apps.providers.dialects.azure_inference import inbound, outbound
from apps.providers.dialects.base import Dialect

DIALECT = Dialect(
    outbound.NAME, outbound, inbound, "api-key", "Azure AI Inference", cuts_broken_streams=True
)
