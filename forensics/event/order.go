package event

import "cmp"

// CompareLogins orders logins by account, then time, then content. Where two
// are equal in all of these it falls back on where they stand.
func CompareLogins(a, b *Login) int {
	if a.Account != b.Account {
		return cmp.Compare(a.Account, b.Account)
	}
	if a.Time != b.Time {
		return cmp.Compare(a.Time, b.Time)
	}
	if c := compareLoginContent(a, b); c != 0 {
		return c
	}
	return cmp.Or(cmp.Compare(a.Word&markHistory, b.Word&markHistory), cmp.Compare(a.Pos, b.Pos))
}

func compareLoginContent(a, b *Login) int {
	return cmp.Or(
		cmp.Compare(a.Action, b.Action),
		cmp.Compare(a.Word&^markHistory, b.Word&^markHistory),
		cmp.Compare(a.Device, b.Device),
		cmp.Compare(a.Session, b.Session),
		cmp.Compare(a.Addr, b.Addr),
		cmp.Compare(a.Agent, b.Agent),
		cmp.Compare(a.ASN, b.ASN),
		cmp.Compare(a.Country, b.Country),
		cmp.Compare(a.ID, b.ID),
	)
}

// SameLogin reports whether two rows are equal in everything but where they
// stand and what they were given as.
func SameLogin(a, b *Login) bool {
	return a.Account == b.Account && a.Time == b.Time && compareLoginContent(a, b) == 0
}

// CompareCharges orders charges by account, then time, then content. Where two
// are equal in all of these it falls back on where they stand.
func CompareCharges(a, b *Charge) int {
	if a.Account != b.Account {
		return cmp.Compare(a.Account, b.Account)
	}
	if a.Time != b.Time {
		return cmp.Compare(a.Time, b.Time)
	}
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Txn, b.Txn),
		compareChargeContent(a, b), cmp.Compare(a.Status, b.Status), cmp.Compare(a.Pos, b.Pos))
}

func compareChargeContent(a, b *Charge) int {
	return cmp.Or(
		cmp.Compare(a.Kind, b.Kind),
		cmp.Compare(a.Amount, b.Amount),
		cmp.Compare(a.Currency, b.Currency),
		cmp.Compare(a.Funding, b.Funding),
		cmp.Compare(a.Ref, b.Ref),
		cmp.Compare(a.Device, b.Device),
		cmp.Compare(a.Session, b.Session),
		cmp.Compare(a.Addr, b.Addr),
		cmp.Compare(a.Store, b.Store),
		cmp.Compare(a.Rest, b.Rest),
	)
}

// SameTransaction reports whether two rows of one transaction id differ in
// nothing but time, status and where they stand: then they tell of one life.
func SameTransaction(a, b *Charge) bool {
	return a.Account == b.Account && a.Txn == b.Txn && compareChargeContent(a, b) == 0
}
