-- What was declined or rejected, by when it was asked for: what may be tried again is looked for among these alone,
-- however many payments there are. Few of them are.
CREATE INDEX payments_refused ON payments (requested_at_ms) WHERE outcome = 'declined' OR outcome = 'rejected';

