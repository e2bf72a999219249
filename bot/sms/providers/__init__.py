"""The SMS providers: one module each, all with the shape of `base.Provider`."""
