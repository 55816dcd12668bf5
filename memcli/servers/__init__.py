"""Front doors that stay open: processes that serve others."""
