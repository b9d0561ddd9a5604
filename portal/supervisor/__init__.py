"""What ``portal up`` starts and stops: the embedded servers, the web server and the workers."""
