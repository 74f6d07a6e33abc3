package parsers

import (
	"context"

	"github.com/paytriage/paytriage/forensics/event"
)

// raw implements event.Log.Raw. Card numbers are hidden as in rejects.
func (t texts) raw(ctx context.Context, rows []event.Pos) ([]string, error) {
	out := make([]string, len(rows))
	err := t.visit(ctx, rows, func(i int, _ int64, raw []byte, _ *fields) { out[i] = t.sources[rows[i].Source()].rawText(raw) })
	return out, err
}
