"""What is there for whom, through the whole gateway but for sockets: principals, views, reloads and streams."""
