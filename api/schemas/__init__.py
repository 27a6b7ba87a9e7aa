"""Bodies and their OpenAPI text."""
