package durable

import (
	"math/rand/v2"
	"time"

	"github.com/millstream/millstream/setting"
)

// strategy decides about restarts.
type strategy interface {
	// failed is told of a failure and returns the pause before the restart, or why there is none.
	failed(now time.Time) (pause time.Duration, giveUp string)
}

// newStrategy returns what the settings ask for: nil for no restarts.
func newStrategy(v setting.Values, checkpoints bool) strategy {
	kind := "none"
	if v.Has(setting.RestartStrategy) {
		kind = v.Enum(setting.RestartStrategy)
	} else if checkpoints {
		kind = "exponential-delay"
	}
	switch kind {
	case "fixed-delay", "fixeddelay":
		return &fixedDelay{left: v.Int(setting.FixedDelayAttempts), pause: v.Duration(setting.FixedDelay)}
	case "failure-rate", "failurerate":
		return &failureRate{
			most: v.Int(setting.FailureRateMax), interval: v.Duration(setting.FailureRateInterval), pause: v.Duration(setting.FailureRateDelay),
		}
	case "exponential-delay", "exponentialdelay":
		e := &exponential{
			first: v.Duration(setting.ExponentialInitialBackoff), most: v.Duration(setting.ExponentialMaxBackoff),
			factor: v.Double(setting.ExponentialMultiplier), jitter: v.Double(setting.ExponentialJitter),
			reset: v.Duration(setting.ExponentialResetThreshold), limit: -1, random: rand.Float64,
		}
		if v.Has(setting.ExponentialAttempts) {
			e.limit = v.Int(setting.ExponentialAttempts)
		}
		return e
	}
	return nil
}

// fixedDelay restarts a number of times.
type fixedDelay struct {
	left  int
	pause time.Duration
}

func (s *fixedDelay) failed(time.Time) (time.Duration, string) {
	if s.left == 0 {
		return 0, setting.FixedDelayAttempts.Key + " are used up"
	}
	s.left--
	return s.pause, ""
}

// failureRate restarts unless failures come too fast.
type failureRate struct {
	most            int
	interval, pause time.Duration
	times           []time.Time // of the failures within the interval
}

func (s *failureRate) failed(now time.Time) (time.Duration, string) {
	for len(s.times) > 0 && now.Sub(s.times[0]) > s.interval {
		s.times = s.times[1:]
	}
	s.times = append(s.times, now)
	if len(s.times) > s.most {
		return 0, "it failed more often than " + setting.FailureRateMax.Key + " allows"
	}
	return s.pause, ""
}

// exponential pauses longer after each failure, until there was none for a while.
type exponential struct {
	first, most    time.Duration
	factor, jitter float64
	reset          time.Duration
	limit          int // of failures without a reset; -1: none
	random         func() float64

	pause time.Duration
	ready time.Time // when the last pause ended
	count int
}

func (s *exponential) failed(now time.Time) (time.Duration, string) {
	if s.pause == 0 || now.Sub(s.ready) >= s.reset {
		s.pause, s.count = s.first, 0
	} else {
		s.pause = time.Duration(min(float64(s.pause)*s.factor, float64(s.most)))
	}
	s.pause = min(s.pause, s.most)
	if s.count++; s.limit >= 0 && s.count > s.limit {
		return 0, setting.ExponentialAttempts.Key + " are used up"
	}
	pause := time.Duration(float64(s.pause) * (1 + s.jitter*(2*s.random()-1)))
	s.ready = now.Add(pause)
	return pause, ""
}
