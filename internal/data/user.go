package data

import "context"

// MayRemoveUser refuses to remove a user whom rows hold by
// @belongsTo(onDelete: RESTRICT).
func (s *Service) MayRemoveUser(ctx context.Context, userID string) error {
	return s.store.MayRemoveUser(ctx, userID)
}

// RemoveUserRows does with the rows of a user who is gone what the schema says,
// in all organizations. It may be called again after a failure, and goes on.
func (s *Service) RemoveUserRows(ctx context.Context, userID string) error {
	return s.store.RemoveUserRows(ctx, userID)
}
