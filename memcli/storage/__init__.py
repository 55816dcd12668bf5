"""The store: the only room that knows LanceDB and Arrow. `database.Database` is its door."""
