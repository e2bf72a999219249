CREATE TABLE conversations ( sender VARCHAR(64) NOT NULL, started_at FLOAT NOT NULL, last_at FLOAT NOT NULL, state TEXT NOT NULL, PRIMARY KEY (sender) );
CREATE INDEX ix_conversations_last_at ON conversations (last_at);
CREATE TABLE erased ( opening VARCHAR(64) NOT NULL, at FLOAT NOT NULL, PRIMARY KEY (opening) );
CREATE INDEX ix_erased_at ON erased (at);
CREATE TABLE turns ( number INTEGER NOT NULL, sender VARCHAR(64) NOT NULL, client_id VARCHAR(200), opening VARCHAR(64), asked TEXT NOT NULL, reply TEXT NOT NULL, at FLOAT NOT NULL, PRIMARY KEY (number), UNIQUE (sender, client_id), FOREIGN KEY(sender) REFERENCES conversations (sender) ON DELETE CASCADE, UNIQUE (opening) );
CREATE INDEX ix_turns_sender ON turns (sender);
CREATE TABLE workshop ( sender VARCHAR(64) NOT NULL, PRIMARY KEY (sender), FOREIGN KEY(sender) REFERENCES conversations (sender) ON DELETE CASCADE );
