"""The answers at the top of an order's page: duty, service, firearms, next hearing and last day."""
