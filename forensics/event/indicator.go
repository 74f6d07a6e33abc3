package event

// An Indicator is something that others saw in attacks: an address (ip), a
// network, a user_agent, an operator (asn) or a device, as their list has it.
type Indicator struct {
	Kind, Value string
	Until       int64 // valid, microseconds UTC; 0 for no end
}
