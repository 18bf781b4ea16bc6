// Package observe is what the server tells of itself in figures, in Prometheus'
// text form. Rooms count by themselves; here their counts get names.
package observe

import (
	"bytes"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/common/expfmt"
)

// Format is the media type of Text.
const Format = "text/plain; version=0.0.4; charset=utf-8"

// Metrics are the figures of one environment. It is safe for concurrent use.
type Metrics struct{ registry *prometheus.Registry }

// New makes figures of the process alone.
func New() *Metrics {
	m := &Metrics{prometheus.NewRegistry()}
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Gauge adds a figure that is read when it is asked for.
func (m *Metrics) Gauge(name, help string, read func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, read))
}

// Counter adds a figure that only grows.
func (m *Metrics) Counter(name, help string, read func() float64) {
	m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, read))
}

// Times adds durations: how many, their sum, and the median and the 99th percentile
// of the last ten minutes. What it returns records one.
func (m *Metrics) Times(name, help string) func(time.Duration) {
	s := prometheus.NewSummary(prometheus.SummaryOpts{Name: name, Help: help, Objectives: map[float64]float64{0.5: 0.05, 0.99: 0.001}})
	m.registry.MustRegister(s)
	return func(d time.Duration) { s.Observe(d.Seconds()) }
}

// Text is all figures of this moment.
func (m *Metrics) Text() ([]byte, error) {
	families, err := m.registry.Gather()
	if err != nil {
		return nil, fmt.Errorf("gathering metrics: %w", err)
	}
	var b bytes.Buffer
	for _, f := range families {
		if _, err := expfmt.MetricFamilyToText(&b, f); err != nil {
			return nil, fmt.Errorf("writing metrics: %w", err)
		}
	}
	return b.Bytes(), nil
}
