"""What people see: widgets and wiring only. No page knows SQL, and only the owner's knows arms."""
