"""Parts of every state machine of the stack: its language, its role and log, and the rights to have it delivered."""
