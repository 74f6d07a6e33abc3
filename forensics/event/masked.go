package event

import "github.com/paytriage/paytriage/forensics/discreet"

// Masked returns what an error or a log may say of the id of a person.
func Masked(id string) string { return discreet.Masked(id) }
