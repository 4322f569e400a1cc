package durable

import (
	"testing"
	"time"

	"github.com/millstream/millstream/setting"
)

// The strategies pause and give up as Flink's do, with its defaults.
func TestStrategies(t *testing.T) {
	type failure struct {
		at   time.Duration // since the start
		want time.Duration // -1: gives up
	}
	const s = time.Second
	for name, test := range map[string]struct {
		settings    []string
		checkpoints bool
		failures    []failure // nil: no restarts at all
	}{
		"unset":                  {},
		"unset with checkpoints": {checkpoints: true, failures: []failure{{0, s}, {2 * s, 1500 * time.Millisecond}, {9 * s, 2250 * time.Millisecond}}},
		"disable":                {settings: []string{"restart-strategy", "disable"}, checkpoints: true},
		"fixed-delay default":    {settings: []string{"restart-strategy.type", "fixed-delay"}, failures: []failure{{0, s}, {s, -1}}},
		"fixed-delay": {settings: []string{"restart-strategy.type", "fixed-delay", "restart-strategy.fixed-delay.attempts", "2", "restart-strategy.fixed-delay.delay", "5 s"},
			failures: []failure{{0, 5 * s}, {1000 * s, 5 * s}, {2000 * s, -1}}},
		"failure-rate default": {settings: []string{"restart-strategy.type", "failure-rate"}, failures: []failure{{0, s}, {61 * s, s}, {100 * s, -1}}},
		"exponential-delay": {settings: []string{"restart-strategy.type", "exponential-delay", "restart-strategy.exponential-delay.max-backoff", "3 s",
			"restart-strategy.exponential-delay.backoff-multiplier", "2", "restart-strategy.exponential-delay.reset-backoff-threshold", "1 min",
			"restart-strategy.exponential-delay.attempts-before-reset-backoff", "3"},
			failures: []failure{{0, s}, {2 * s, 2 * s}, {80 * s, s}, {82 * s, 2 * s}, {86 * s, 3 * s}, {90 * s, -1}}},
	} {
		v := setting.New(setting.Engine)
		for i := 0; i < len(test.settings); i += 2 {
			if err := v.Set(test.settings[i], test.settings[i+1], "test"); err != nil {
				t.Fatal(err)
			}
		}
		st := newStrategy(v, test.checkpoints)
		if e, ok := st.(*exponential); ok {
			e.random = func() float64 { return 0.5 } // no jitter
		}
		if (st == nil) != (test.failures == nil) {
			t.Errorf("%s: strategy %v", name, st)
			continue
		}
		start := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
		for i, f := range test.failures {
			pause, reason := st.failed(start.Add(f.at))
			if reason != "" {
				pause = -1
			}
			if pause != f.want {
				t.Errorf("%s: failure %d pauses %v (%s), want %v", name, i+1, pause, reason, f.want)
			}
		}
	}
}
