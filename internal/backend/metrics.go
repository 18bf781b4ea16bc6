package backend

// observe names the figures of the rooms.
func (b *Backend) observe() {
	m := b.metrics
	m.Gauge("loam_realtime_connections", "Live connections.", func() float64 { return float64(b.sockets.Stats().Connections) })
	m.Counter("loam_realtime_connections_opened_total", "Live connections opened.", func() float64 { return float64(b.sockets.Stats().Opened) })
	m.Counter("loam_realtime_connections_refused_total", "Live connections refused for a limit.", func() float64 { return float64(b.sockets.Stats().Refused) })
	m.Counter("loam_realtime_drops_total", "Live connections ended because their client took its events too slowly.", func() float64 { return float64(b.sockets.Stats().Slow) })
	m.Counter("loam_realtime_expired_total", "Live connections ended because their credentials no longer held.", func() float64 { return float64(b.sockets.Stats().Expired) })
	m.Gauge("loam_realtime_subscriptions", "Subscriptions.", func() float64 { return float64(b.hub.Stats().Subscriptions) })
	m.Gauge("loam_realtime_views", "Classes of subscribers: each judges a change once.", func() float64 { return float64(b.hub.Stats().Views) })
	m.Counter("loam_realtime_changes_total", "Changes judged.", func() float64 { return float64(b.hub.Stats().Changes) })
	m.Counter("loam_realtime_events_total", "Events told, one for each subscriber.", func() float64 { return float64(b.hub.Stats().Events) })
	m.Gauge("loam_channel_members", "Members of channels: a connection once in each.", func() float64 { return float64(b.channels.Stats().Members) })
	m.Counter("loam_channel_messages_total", "Messages sent to channels.", func() float64 { return float64(b.channels.Stats().Messages) })
	m.Counter("loam_channel_events_total", "Events told in channels, one for each member.", func() float64 { return float64(b.channels.Stats().Told) })
	if b.bus == nil {
		return
	}
	m.Gauge("loam_nats_connected", "1 while NATS wakes the servers, 0 while the database does or each looks by itself.", func() float64 {
		if b.bus.Up() {
			return 1
		}
		return 0
	})
	m.Counter("loam_nats_losses_total", "Times that the connection to NATS was lost.", func() float64 { return float64(b.bus.Stats().Losses) })
	m.Counter("loam_nats_sent_total", "Times that the other servers were told to look.", func() float64 { return float64(b.bus.Stats().Sent) })
	m.Counter("loam_nats_received_total", "Times that another server told this one to look.", func() float64 { return float64(b.bus.Stats().Received) })
	m.Counter("loam_nats_ignored_total", "Messages that were no server's, or too many.", func() float64 { return float64(b.bus.Stats().Ignored) })
}

// observeReplicas names the figures of the database's standbys.
func (b *Backend) observeReplicas() {
	m := b.metrics
	m.Gauge("loam_replicas_usable", "Replicas that reads may be answered by.", func() float64 { return float64(b.replicas.Stats().Usable) })
	m.Gauge("loam_replica_lag_seconds", "How far the furthest of them may be behind the primary.", func() float64 { return b.replicas.Stats().Behind.Seconds() })
	m.Counter("loam_replica_reads_total", "Reads answered by a replica.", func() float64 { return float64(b.replicas.Stats().Answered) })
	m.Counter("loam_replica_fallbacks_total", "Reads that asked for a replica and went to the primary.", func() float64 { return float64(b.replicas.Stats().Passed) })
}
