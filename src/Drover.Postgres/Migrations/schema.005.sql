-- A queue is listed from its first job on. A line is no proof of one: its first request may have been refused.
INSERT INTO queues (name, paused) SELECT DISTINCT queue, false FROM lines ON CONFLICT (name) DO NOTHING;
