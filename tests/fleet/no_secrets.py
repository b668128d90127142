# What stands where a secret might, and is none: labels, references, placeholders, names. Read by tests/data/test_secrets.py.
password = "Geheimnis!"
password: str = "Passwort!"
pw_label = {"password": "Kennwort?"}
password = "Test1234!"
password = "Admin@123"
password = "P@ssw0rd123"
password = "Welcome1!"
secret_key = "super-secret-jwt-key-change-me"
SECRET_KEY = "dev-secret-key-do-not-use-in-production"
api_key = "my-secret-api-key"
token = "{token}"
token = f"{user.token}"
password = "%(password)s"
password = os.environ.get("DB_PASSWORD", "")
api_key = os.getenv("OPENAI_API_KEY", "not-set")
API_KEY_ENV = "OPENAI_API_KEY"
TOKEN_URL = "https://login.microsoftonline.com/common/oauth2/v2.0/token"
tokenizer_name = "cl100k_base"
token_model = "gpt-4o-mini-2024-07-18"
secret_name = "prod/agents/openai-9f8e7d"
auth_token_key = "x-goog-api-key"
key = "agents:session:9f8e7d6c5b4a"
cache_key = f"agent:{sha256}"
etag_token = "33a64df551425fcc55e4d42a148795d9f25f89d4"
password_regex = r"^(?=.*[A-Z])(?=.*\d).{12,}$"
secret = "projects/1234/secrets/x/versions/latest"
api_key = "sk-..."
api_key = "sk-ant-..."
api_key = "<OPENAI_API_KEY>"
headers = {"Authorization": f"Bearer {token}"}
headers = {"Authorization": "Bearer YOUR_TOKEN"}
client_id = "0oa1b2c3d4e5f6g7h8i9"
GOOGLE_CLIENT_ID = "1234567890-abc123def456.apps.googleusercontent.com"
model_key = "anthropic.claude-3-5-sonnet-20241022-v2:0"
thread_key = "thread_abc123"
assistant_id = "asst_abc123def456ghi789jkl"
license_key = "AGPL-3.0-or-later"
access_token = response["access_token"]
session_token_name = "__Secure-next-auth.session-token"
monkeypatch.setenv("OPENAI_API_KEY", "test-key")
monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
client = OpenAI(api_key="EMPTY")
client = OpenAI(api_key="lm-studio")
client = OpenAI(base_url="http://localhost:11434/v1", api_key="ollama")
password = "hunter2"
token = "abc123"
api_key = "1234"
secret = "s3cr3t"
