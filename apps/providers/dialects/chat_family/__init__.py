"""What the chat-completions dialects share: messages, replies, streams, usage, errors.

Source: standards digest 9, 10 and 13; OpenAI API reference, chat completions.
"""
