package ledger

// A Code is a list of words that files show, each with its meaning.
type Code struct {
	Of    string
	Words [][2]string
}

// Codes lists the words that a drawn-up ledger adds to those of the case.
func Codes() []Code {
	return []Code{
		{"reasons that a drawn-up ledger adds", [][2]string{
			{ReasonConfirmed, "somebody decided that all charges of the line are fraud"},
			{ReasonPartDismissed, "a charge that the line stands on was decided to be no fraud: its amount holds no longer"},
			{ReasonPaidBefore, "something was paid for it before"},
			{ReasonPaidByRule, "an earlier payment was found by account, amount and date, not by an id"},
			{ReasonOverRefunded, "more was paid before than is owed"},
			{ReasonEarlierPending, "a refund or dispute of it is on its way: held"},
		}},
		{"why a line is left out", [][2]string{
			{LeftDismissed, "all charges of the line were decided to be no fraud"},
			{LeftAccount, "another account was asked for"},
			{LeftTier, "another tier was asked for"},
			{LeftChannel, "another channel was asked for"},
			{LeftDate, "its first charge is not within the dates that were asked for"},
			{LeftNoDate, "dates were asked for, and the case names none of its charges"},
		}},
		{"why nothing was found on the other side", [][2]string{
			{WhyInLog, "the log of the case has the payment: it is in returned already"},
			{WhyNotInLedger, "the case has no line for what the payment names"},
			{WhyOtherAccount, "the line that it names is of another account"},
			{WhyOtherCurrency, "the line that it names is in another currency"},
			{WhyAmbiguous, "several lines fit the payment, or several payments the line"},
			{WhyNothingToGoBy, "the payment names neither a charge nor an account and a time"},
			{WhyNoCandidate, "no line of the account has the amount and a charge of that time"},
			{WhyNotUnderstood, "the row could not be read"},
			{WhyNothingPaid, "nothing was paid for the line before"},
			{WhyNoLine, "no line stands on what was decided"},
		}},
		{"what is to be done with a line (action)", [][2]string{
			{Pay.String(), "an open line with money for the owner"},
			{TakeBack.String(), "an open line with money of the owner"},
			{Wait.String(), "held, needs a decision, or an exception"},
			{Nothing.String(), "nothing is left to pay"},
		}},
	}
}
