"""The program as installed: started, used, killed and started again from outside."""
