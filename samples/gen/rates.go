package gen

// Rates are how often honest people do what they do. Shares are of accounts
// unless said otherwise, between 0 and 1. "Assumed" marks a figure without a
// published source: it was chosen so that the look-alike is common enough to
// matter; S-numbers are sources of the project's domain notes (§5, §9). What is
// assumed may be half as much again or a third less: Vary draws from that range,
// so that nothing is measured in one made-up world alone.
type Rates struct {
	// Visits is the median number of times a day that an account is used,
	// VisitSpread the spread of that number in doublings: a few use it daily,
	// most twice a month. Assumed, after the usual shape of wallet activity.
	Visits, VisitSpread float64
	// Dormant accounts do nothing in the whole period. Assumed; 7pay had
	// 250,000 balances that nobody claimed even when paid back (S16).
	Dormant float64
	// Returning accounts were dormant and come back once, on a new phone;
	// ReturningForgot is the share of them who forgot the password. Assumed.
	Returning, ReturningForgot float64
	// NewCustomers open their account within the period, when the service is
	// not just being launched; FirstVisits is the share of them who come back
	// within three hours. Assumed.
	NewCustomers, FirstVisits float64
	// NightOwls live eight hours later than others (shift work). Assumed.
	NightOwls float64

	// SessionHours is the median life of an app session. Assumed.
	SessionHours float64
	// Typos is the share of logins with one or two wrong passwords before the
	// right one. Assumed within the usual 3 to 8 %.
	Typos float64
	// WrongIDs is the share of logins where the id was mistyped first. Assumed.
	WrongIDs float64
	// Forgotten is the share of logins that need a password reset. Assumed.
	Forgotten float64
	// Settings is the share of accounts that change password or mail address
	// in 30 days, NewPasswords the share of passwords among them. Assumed.
	Settings, NewPasswords float64
	// SecondFactor is the share of accounts with a second factor; 7pay had
	// none, services since have few. FactorFails is how often it is entered
	// wrongly first. Assumed.
	SecondFactor, FactorFails float64
	// External is the share of accounts that log in through another service.
	// 7pay had five such ways (S17). Assumed.
	External float64
	// Logouts is the share of sessions that end with a logout. Assumed.
	Logouts float64
	// LockAfter is how many wrong passwords in a row lock an account until its
	// owner resets the password; 0 is never. 7pay had no limit (S48); a
	// hundred is the most that NIST allows (S90).
	LockAfter int

	// NewHandsets is the share of accounts that change phones in 30 days: a
	// handset is kept about four years; HandsetForgot is the share of them who
	// no longer know the password that the old one had kept. Assumed.
	NewHandsets, HandsetForgot float64
	// Reinstalls is the share of accounts whose app gets a new device id on
	// the same phone in 30 days (S135 to S137 for why). Assumed.
	Reinstalls float64
	// SecondDevices have a tablet or PC beside the phone, SecondBrowsers of
	// them a PC; SecondUse is the share of visits on it, SecondLooks the share
	// of those without a payment. Assumed.
	SecondDevices, SecondBrowsers, SecondUse, SecondLooks float64
	// Households is the chance that an account lives with the one before it;
	// 0.27 puts about 40 % of accounts into homes of two to six. Assumed.
	Households float64
	// FamilyPhones is the share of such homes that use one phone for all their
	// accounts (S138: two accounts on a device are a matter for review, not
	// fraud). Assumed.
	FamilyPhones float64
	// OfficeWorkers use the address of their office by day, at OfficeHours of
	// their visits; OfficeSize is how many accounts an office address has.
	// Assumed.
	OfficeWorkers, OfficeHours float64
	OfficeSize                 int
	// Travellers go abroad for some days within 30. Assumed; 1.6 million
	// Japanese left the country in a month of 2019 (recalled). TripLooks is
	// the share of their visits without a payment, Roaming the share whose
	// data go through the carrier at home. Assumed.
	Travellers, TripLooks, Roaming float64
	// Abroad is the share who live abroad. Assumed.
	Abroad float64
	// VPNUsers hide behind the exits of a VPN service for VPNOn of their
	// visits, VPNAbroad of them behind foreign ones. Assumed; the documented
	// false positive of travel rules (S141 to S144).
	VPNUsers, VPNOn, VPNAbroad float64
	// AccountBooks let a household-accounts service log in for them every
	// night, from one address for thousands of accounts (S93: an old password
	// in automation). BooksTold is how many owners tell it a new password on a
	// day. Assumed.
	AccountBooks, BooksTold float64
	// Tablets is the share of accounts that use a shop's tablet, for TabletUse
	// of their visits: about ten accounts on one device, as on a crew's phone
	// (S6). Assumed.
	Tablets, TabletUse float64
	// Storms is the share of accounts in 30 days whose client repeats a wrong
	// password for hours (S89, S93). Assumed.
	Storms float64

	// NoHomeLine is the share who use the carrier at home, too. Assumed.
	NoHomeLine float64
	// SharedLines is the share of homes behind a shared address (MAP-E,
	// DS-Lite, S133), HomesPerAddress how many homes share it. S133 speaks of
	// 240 ports a home, so up to 250 homes; fewer use this service.
	SharedLines     float64
	HomesPerAddress int
	// IPv6Lines is the share of homes that are seen by IPv6. Assumed.
	IPv6Lines float64
	// Reconnects is the share of homes whose address changes within 30 days.
	// Assumed.
	Reconnects float64
	// OffCarrier is the share of payments in the street that do not come
	// through the carrier: half through the shop's network, half through the
	// home's, which reaches the shop downstairs. Assumed.
	OffCarrier float64
	// AccountsPerCarrierAddress is how many accounts of this service share an
	// address of a carrier; the address itself has hundreds to thousands of
	// users (S130 to S132).
	AccountsPerCarrierAddress int

	// Looks is the share of visits without a payment. Assumed.
	Looks float64
	// Cards, Debits, Banks are the shares with such an instrument registered;
	// the others top up with cash at the register. Assumed, cash being as
	// large as it is in Japan.
	Cards, Debits, Banks float64
	// Direct is the share of card owners who pay by card without a top-up,
	// DirectUse how often they do. Assumed.
	Direct, DirectUse float64
	// LinkFails is the share of newcomers who mistype the PIN of the card or
	// bank account that they register. Assumed.
	LinkFails float64
	// BankWaits is the share of bank top-ups that are pending first, CashTopups
	// and PointTopups of top-ups by others than the usual means, OtherTopups of
	// other than the usual amount. Assumed.
	BankWaits, CashTopups, PointTopups, OtherTopups float64
	// TopupRetries is the share of declined top-ups that are tried again,
	// TopupsAfter of payments after which the wallet is filled for next time.
	// Assumed.
	TopupRetries, TopupsAfter float64
	// PointPayments is the share of payments by points. Assumed.
	PointPayments float64
	// UsualShop is the share of payments at one of the three shops that
	// somebody goes to. Assumed.
	UsualShop float64
	// HeavyBuyers buy cartons of the goods that thieves buy, Cartons of the
	// time, and top up at the cap for it. Assumed.
	HeavyBuyers, Cartons float64
	// BigSpenders pay several times what others do. Assumed.
	BigSpenders float64
	// Online is the share of payments at online shops. Assumed.
	Online float64
	// TopupDeclines is the share of card top-ups that the issuer refuses,
	// PaymentDeclines of payments refused first for lack of balance. Assumed.
	TopupDeclines, PaymentDeclines float64
	// Refunds and Reversals are shares of payments taken back later by the
	// shop, PartRefunds of them in part, or at once at the register. Assumed.
	Refunds, PartRefunds, Reversals float64
	// DoubleTopups is the share of top-ups done twice by mistake; one of the
	// two is reversed. Assumed.
	DoubleTopups float64
	// Chargebacks is the share of honest card charges that the card's owner
	// disputes (a purchase forgotten, S19). Assumed; the usual order is one
	// in 1,000.
	Chargebacks float64
	// Friends is the share of accounts that send a friend money; of that
	// LargeTransfers are a share of a rent or a trip, up to the cap. Assumed.
	Friends, LargeTransfers float64

	// Notices is the share of robbed owners who notice within the period,
	// NoticeHours the median delay. 7pay's first calls came the same day
	// (S1, S2); a third of its second list were customers' own reports.
	Notices, NoticeHours float64
	// NoticeChanges is the share of noticing owners who change the password in
	// the session that they have, NoticeCalls the share who only call: then
	// the service closes the account to everybody until a reset, and the log
	// shows nothing of them. The others reset it themselves. Assumed.
	NoticeChanges, NoticeCalls float64
	// IssuerReturns is the share of a noticing owner's stolen card charges
	// that the issuer charges back within the period (S19: before the due
	// date, or a month later). Assumed.
	IssuerReturns float64
	// OperatorReturns is the share of stolen top-ups that the operator
	// reverses while the money is still there. Assumed.
	OperatorReturns float64
	// StolenDeclines is the share of thieves' top-ups that the issuer
	// refuses. Assumed.
	StolenDeclines float64
	// GoodsBack is the share of stolen payments that are reversed because shop
	// or police got hold of the goods (S4, S36). Assumed.
	GoodsBack float64
}

// defaultRates are the rates of a service that has been running for years.
func defaultRates() Rates {
	return Rates{
		Visits: 0.27, VisitSpread: 1.6, Dormant: 0.16, Returning: 0.02, NewCustomers: 0.04, NightOwls: 0.07,
		ReturningForgot: 0.6, FirstVisits: 0.55, NewPasswords: 0.6, FactorFails: 0.06, HandsetForgot: 0.12,
		SecondBrowsers: 0.4, SecondUse: 0.25, SecondLooks: 0.8, OfficeHours: 0.6, TripLooks: 0.8, Roaming: 0.3,
		VPNOn: 0.5, VPNAbroad: 0.6, BooksTold: 0.25, TabletUse: 0.5, OffCarrier: 0.08,
		DirectUse: 0.8, LinkFails: 0.08, BankWaits: 0.5, CashTopups: 0.04, PointTopups: 0.02, OtherTopups: 0.3,
		TopupRetries: 0.8, TopupsAfter: 0.04, PointPayments: 0.015, UsualShop: 0.7, Cartons: 0.55,
		PartRefunds: 0.4, LargeTransfers: 0.15, NoticeChanges: 0.3, NoticeCalls: 0.15, GoodsBack: 0.03,
		SessionHours: 9, Typos: 0.055, WrongIDs: 0.012, Forgotten: 0.008, Settings: 0.03, SecondFactor: 0.03, External: 0.08, Logouts: 0.04,
		NewHandsets: 0.022, Reinstalls: 0.012, SecondDevices: 0.05, Households: 0.27, FamilyPhones: 0.06,
		OfficeWorkers: 0.08, OfficeSize: 60, Travellers: 0.013, Abroad: 0.008, VPNUsers: 0.015,
		AccountBooks: 0.015, Tablets: 0.012, Storms: 0.002,
		NoHomeLine: 0.22, SharedLines: 0.35, HomesPerAddress: 24, IPv6Lines: 0.2, Reconnects: 0.15,
		AccountsPerCarrierAddress: 150,
		Looks:                     0.33, Cards: 0.52, Debits: 0.11, Banks: 0.13, Direct: 0.14,
		HeavyBuyers: 0.012, BigSpenders: 0.06, Online: 0.03, TopupDeclines: 0.015, PaymentDeclines: 0.01,
		Refunds: 0.004, Reversals: 0.003, DoubleTopups: 0.002, Chargebacks: 0.0006, Friends: 0.05,
		Notices: 0.8, NoticeHours: 11, IssuerReturns: 0.25, OperatorReturns: 0.08, StolenDeclines: 0.08,
	}
}
