"""What the chat-completions dialects share: messages, replies, streams, usage, errors.

Source: OpenAI API reference, chat completions; Azure AI Model Inference REST reference.
"""
