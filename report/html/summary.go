package html

import "encoding/json"

// A summary is what the page shows of summary.json. It is read from the file's
// own bytes, so that a page that is made from a case folder, and the one that
// analyze writes, rest on the same figures.
type summary struct {
	PolicyHash    string       `json:"policy_hash"`
	Range         span         `json:"range"`
	Accounts      int64        `json:"accounts"`
	Newcomers     int64        `json:"newcomers"`
	Victims       *tiers       `json:"victims"`
	Takeovers     *tiers       `json:"takeovers"`
	Charges       *tiers       `json:"charges"`
	EnteredOnly   *int64       `json:"entered_without_loss"`
	Incident      *span        `json:"incident"`
	FirstTakeover *string      `json:"first_takeover_at"`
	LastFraud     *string      `json:"last_fraud_at"`
	Ongoing       bool         `json:"ongoing"`
	Recent        recent       `json:"recent"`
	Money         []amounts    `json:"money"`
	Vectors       []vector     `json:"vectors"`
	WaysIn        []way        `json:"ways_in"`
	Roles         roles        `json:"roles"`
	Insider       *insider     `json:"insider"`
	AmountAndPace *pace        `json:"amount_and_pace"`
	Campaigns     int64        `json:"campaigns"`
	Stores        int64        `json:"stores"`
	Method        method       `json:"method"`
	SpentFirst    string       `json:"spent_first"`
	SentOn        *sentOn      `json:"sent_on"`
	KnownBad      *knownBad    `json:"known_bad"`
	Balances      *balances    `json:"balances"`
	Decisions     *decisions   `json:"decisions"`
	Rows          rows         `json:"rows"`
	Sources       []source     `json:"sources"`
	ClockSkew     *clockSkew   `json:"clock_skew"`
	Unanswered    []unanswered `json:"not_computable"`
	Tables        map[string]int64
}

type (
	span  struct{ From, To string }
	tiers struct{ Confirmed, Probable, Possible int64 }

	knownBad struct {
		Read, Unreadable, Matched, Unmatched, Shared, Takeovers int64
		Passed                                                  int64 `json:"passed_over"`
		Given                                                   int64 `json:"indicators"`
	}

	insider struct {
		Entered  int64
		Before   string `json:"shared_before"`
		Late     int64  `json:"entered_before_it"`
		Level    int64  `json:"level_per_thousand"`
		Kinds    []insiderKind
		StandOut []insiderGroup `json:"stands_out"`
	}
	insiderKind struct {
		Kind, Meaning string
		Of            int64  `json:"victims_of"`
		OthersOf      int64  `json:"others_of"`
		Groups        int64  `json:"groups"`
		StandOut      int64  `json:"groups_that_stand_out"`
		Because       string `json:"not_computable_because"`
	}
	insiderGroup struct {
		Kind, Value string
		Store       string `json:"store_id"`
		Victims     int64
		Of          int64 `json:"victims_of"`
		Others      int64
		OthersOf    int64 `json:"others_of"`
		Lift        int64 `json:"lift_thousandths"`
		Low         int64 `json:"low_thousandths"`
		High        int64 `json:"high_thousandths"`
		PPB         int64 `json:"p_ppb"`
	}

	recent struct{ Hours, Charges, Accounts, Confirmed int64 }

	amounts struct {
		Currency         string
		NetLoss          int64 `json:"net_loss"`
		NetLossConfirmed int64 `json:"net_loss_confirmed"`
		NetLossProbable  int64 `json:"net_loss_probable"`
		NetLossPossible  int64 `json:"net_loss_possible"`
		NetLossDecided   int64 `json:"net_loss_by_decision"`
		TopUp            int64 `json:"topup_amount"`
		Spend            int64 `json:"spend_amount"`
		FraudCharges     int64 `json:"fraud_charges"`
		Owed             int64
		Held             int64
		Exception        int64
		NeedsDecision    int64 `json:"needs_decision"`
		Channels         []channel
		NotYet           int64 `json:"no_victims_yet_amount"`
		NotYetAccounts   int64 `json:"no_victims_yet_accounts"`
		OpenNamed        int64 `json:"needs_decision_named"`
		OddPossible      int64 `json:"exception_possible"`
	}
	channel struct {
		Channel       string
		Lines, Amount int64
	}

	vector struct {
		Vector, Meaning    string
		Takeovers, Victims int64
		Because            string
	}
	way struct {
		Vector, Meaning string
		For, Against    int64
		Evidence        []evidence
	}
	evidence struct {
		Figure, Meaning string
		Count, Of       int64
		Value           int64 `json:"value_per_thousand"`
		Threshold       int64 `json:"threshold_per_thousand"`
		Asked, Speaks   string
		From            string `json:"threshold_from"`
	}

	roles struct {
		Testers           *int64
		Executors         *int64
		ExecutorsBy       string   `json:"executors_by"`
		TesterCountries   []string `json:"tester_countries"`
		ExecutorCountries []string `json:"executor_countries"`
		TesterOperators   []string `json:"tester_operators"`
		ExecutorOperators []string `json:"executor_operators"`
		LagAccounts       *int64   `json:"lag_accounts"`
		LagMedian         *int64   `json:"lag_median_s"`
		LagLeast          *int64   `json:"lag_min_s"`
		LagMost           *int64   `json:"lag_max_s"`
	}

	pace struct {
		Days, Accounts, Named int64
		Listed                bool
	}
	method struct {
		PriorPPB       int64  `json:"prior_ppb"`
		ExpectedWrong  int64  `json:"expected_wrong_thousandths"`
		FailuresNormal *int64 `json:"stranger_failures_per_thousand_known_logins"`
		EntriesNormal  *int64 `json:"stranger_entries_per_thousand_known_logins"`
	}
	sentOn    struct{ Transfers, Unmatched, Unnamed, Accounts, Victims int64 }
	balances  struct{ Read, Used, Unreadable int64 }
	decisions struct{ Read, Applied, Overridden, Unmatched int64 }

	clockSkew struct {
		Low      *int64 `json:"low_micros"`
		High     *int64 `json:"high_micros"`
		By       string
		Pairs    int64
		LowPairs int64  `json:"low_pairs"`
		Estimate *int64 `json:"estimate_micros"`
		Applied  int64  `json:"applied_micros"`
	}

	rows   struct{ Read, Accepted, Rejected, Duplicates, Repeats int64 }
	source struct {
		Name, Role string
		rows
		Range   *span
		Format  string
		Passed  map[string]int64 `json:"passed_over"`
		LeftOut map[string]int64 `json:"left_out"`
		Broken  int64            `json:"broken_bytes"`
		Notes   []string
		Extra   []string `json:"ignored_columns"`
		Absent  []string `json:"absent_columns"`
		Trouble string
	}
	unanswered struct{ Question, Because string }
)

func readSummary(b []byte) (*summary, error) {
	var s summary
	if err := json.Unmarshal(b, &s); err != nil {
		return nil, err
	}
	return &s, nil
}
