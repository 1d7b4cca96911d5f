"""What a person sees: renderables and strings. Nothing here prints."""
