"""What operators do: apply a configuration, load the demo."""
