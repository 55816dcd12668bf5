"""Behind the door that `recall` opens: candidates, evidence, order. Arrays, hence imported late."""
