"""What is learned, from data of our own making: scripts run by hand, their data beside them."""
