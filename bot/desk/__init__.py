"""What moderators see and press in Discord: forms, drafts with their preview, and review cards."""
