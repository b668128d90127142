/* Which folders are agents: by what they import, not by the name of a file. */
#include "check_main.h"
#include "fleet/agent/agent.h"
#include "fleet/tree.h"
#include "fleet/tree/walk.h"

struct wanted {
	const char *path, *framework, *brain, *why;
};

static void expect(const struct wanted *wanted)
{
	struct error err = { 0 };
	struct walk *walk = walk_tree(root, NULL, &err);
	struct agents *agents = agents_discover(walk, &err);
	size_t i = 0;

	ck_assert_msg(agents != NULL, "%s", err.text);
	for (; wanted[i].path; i++) {
		const struct agent *agent = agents_at(agents, i);

		ck_assert_msg(agent != NULL, "%s is no agent", wanted[i].path);
		ck_assert_str_eq(agent->path, wanted[i].path);
		ck_assert_str_eq(agent->framework, wanted[i].framework);
		ck_assert_str_eq(agent->brain, wanted[i].brain);
		ck_assert_msg(strstr(agent->brain_why, wanted[i].why) != NULL, "%s", agent->brain_why);
	}
	ck_assert_msg(agents_count(agents) == i, "%s is an agent", agents_at(agents, i) ? agents_at(agents, i)->path : "");
	agents_free(agents);
	walk_free(walk);
	remove_root();
}

START_TEST(a_plain_main_is_none)
{
	make_root();
	write_at("tools/plain/main.py", "import os\n\n\"\"\"\nimport openai\n\"\"\"\n# import openai\nx = '''\nfrom langgraph import graph\n'''\n");
	write_at("tools/js/main.js", "// import x from 'openai'\n/* require('openai') */\nconst s = `import 'openai'`;\n");
	write_at("tools/agents-module/main.py", "from agents import load\n");
	write_at("tools/openaix/main.py", "import openaix\nfrom openai_tools import x\n");
	expect((const struct wanted[]){ { 0 } });
}
END_TEST

START_TEST(each_with_its_framework_and_brain)
{
	make_root();
	write_at("pyproject.toml", "");
	write_at("shared/llm.py", "import openai\n");
	write_at("agents/a/agent.py", "import json\nfrom langgraph.graph import StateGraph\ngraph = StateGraph(dict)\n");
	write_at("agents/a/tools/search.py", "from openai import OpenAI\n");
	write_at("agents/b/src/main.py", "import asyncio, openai as oa\noa.OpenAI()\n");
	write_at("agents/c/pyproject.toml", "");
	write_at("agents/c/src/c/main.py", "print(1)\n");
	write_at("agents/c/src/c/brain.py", "from crewai import (\n    Agent,\n    Crew,\n)\nCrew()\n");
	write_at("agents/d/package.json", "{}");
	write_at("agents/d/src/index.ts", "import { streamText } from 'ai';\nawait streamText({});\n");
	write_at("agents/e/flow.json", "{\"nodes\": [\n{\"type\": \"@n8n/n8n-nodes-langchain.agent\"}]}");
	write_at("agents/e/package.json", "{}");
	write_at("agents/f/agent/agent.py", "from agents import (\n\tAgent,\n\tRunner)\n");
	expect((const struct wanted[]){
		{ "agents/a", "langgraph", "agents/a/agent.py", "imports langgraph.graph (line 2), has StateGraph( (line 3)" },
		{ "agents/b", "sdk:openai", "agents/b/src/main.py", "imports openai (line 1)" },
		{ "agents/c", "crewai", "agents/c/src/c/brain.py", "has Crew( (line 5)" },
		{ "agents/d", "vercel-ai", "agents/d/src/index.ts", "imports ai (line 1)" },
		{ "agents/e", "n8n", "agents/e/flow.json", "line 2" },
		{ "agents/f", "openai-agents", "agents/f/agent/agent.py", "imports agents (line 1)" },
		{ 0 } });
}
END_TEST

/* One line may hold several statements, a file may begin with a byte order mark or a form feed. */
START_TEST(imports_in_any_spelling)
{
	make_root();
	write_at("a/agent.py", "\xef\xbb\xbf" "from openai import OpenAI\n");
	write_at("b/agent.py", "\fimport openai\n");
	write_at("c/agent.py", "import os; s = \"a;b\"; from openai import OpenAI; c = OpenAI()\n");
	write_at("d/main.py", "try: import openai\nexcept ImportError: openai = None\n");
	write_at("e/app/main.py", "from google import genai\nclient = genai.Client()\n");
	write_at("f/handler.py", "import json, boto3\nrt = boto3.client('bedrock-runtime')\nrt.converse()\n");
	write_at("g/support.json", "{\"nodes\": [{\"type\": \"@n8n/n8n-nodes-langchain.agent\"}]}");
	write_at("h/app.py", "import httpx\nhttpx.post('https://api.openai.com/v1/chat/completions')\n");
	expect((const struct wanted[]){
		{ "a", "sdk:openai", "a/agent.py", "imports openai (line 1)" },
		{ "b", "sdk:openai", "b/agent.py", "imports openai (line 1)" },
		{ "c", "sdk:openai", "c/agent.py", "imports openai (line 1)" },
		{ "d", "sdk:openai", "d/main.py", "imports openai (line 1)" },
		{ "e", "sdk:google", "e/app/main.py", "imports google (line 1)" },
		{ "f", "sdk:bedrock", "f/handler.py", "imports boto3 (line 1), has converse (line 3)" },
		{ "g", "n8n", "g/support.json", "line 1" },
		{ "h", "http:model-api", "h/app.py", "has chat/completions (line 2)" },
		{ 0 } });
}
END_TEST

START_TEST(words_about_a_library_are_no_import)
{
	make_root();
	write_at("a/main.py", "import os  # like x, openai\n");
	write_at("b/main.py", "import os; f(a, openai)\nx = {'import': 1}\n");
	write_at("c/plot.ipynb", "{\"cells\": [{\"cell_type\": \"markdown\", \"source\": [\"import openai is not needed\\n\", \"import openai\\n\"]},"
		" {\"cell_type\": \"code\", \"source\": [\"import pandas as pd\\n\"], \"outputs\": [{\"text\": [\"import openai\\n\"]}]}]}");
	write_at("d/main.py", "import boto3\nboto3.client('s3')\n");
	write_at("e/main.py", "import requests\nrequests.get('https://api.github.com/')\n");
	write_at("f/flow.json", "{\"nodes\": [{\"type\": \"n8n-nodes-base.set\"}]}");
	write_at("g/main.py", "from google import auth\nfrom google.cloud import storage\n");
	expect((const struct wanted[]){ { 0 } });
}
END_TEST

START_TEST(cockpit_yaml_goes_first)
{
	make_root();
	write_at("cockpit.yaml", "threshold: 80\n");
	write_at("one/cockpit.yaml", "entry_point: ./core/loop.py\nthreshold: 90\n");
	write_at("one/core/loop.py", "import litellm\n");
	write_at("one/api/main.py", "import anthropic\nanthropic.Anthropic(\n");
	write_at("two/cockpit.yaml", "owner: ana\n");
	expect((const struct wanted[]){
		{ "one", "sdk:anthropic", "one/core/loop.py", "imports litellm" },
		{ "two", "unknown", "", "named by cockpit.yaml" },
		{ 0 } });
}
END_TEST

START_TEST(files_belong_to_the_deepest)
{
	struct error err = { 0 };

	make_root();
	write_at("agent.py", "import openai\n");
	write_at("agents/a/agent.py", "import openai\n");
	write_at("agents/a-b/agent.py", "import openai\n");
	write_at("agents/a/x.py", "");
	struct walk *walk = walk_tree(root, NULL, &err);
	struct agents *agents = agents_discover(walk, &err);
	ck_assert_uint_eq(agents_count(agents), 3);
	ck_assert_str_eq(agents_of(agents, "agents/a/x.py")->path, "agents/a");
	ck_assert_str_eq(agents_of(agents, "agents/x.py")->path, "");
	ck_assert_uint_eq(agents_at(agents, 1)->file_count, 2);
	ck_assert_uint_eq(agents_at(agents, 0)->file_count, 4);
	agents_free(agents);
	walk_free(walk);
	remove_root();
}
END_TEST

START_TEST(types_alone_are_no_import)
{
	make_root();
	write_at("a/index.ts", "import type { CoreMessage } from \"ai\";\nimport { type Message, type Tool } from 'ai';\nexport type { Run } from \"openai\";\nimport type {\n  A,\n} from 'ai';\n");
	write_at("b/main.py", "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from openai import OpenAI\n\n    import langgraph\n\ndef f(c: \"OpenAI\"): ...\n");
	write_at("c/main.py", "import typing as t\nif t.TYPE_CHECKING:\n    from crewai import Agent\nelse:\n    Agent = None\nfrom anthropic import Anthropic\n");
	write_at("d/main.py", "if not TYPE_CHECKING:\n    import openai\n");
	write_at("e/index.ts", "import type { X } from './x';\nimport { type Message, streamText } from 'ai';\n");
	write_at("f/index.ts", "import type, { X } from 'ai';\n");
	write_at("g/main.py", "class A:\n    if TYPE_CHECKING: import openai\n");
	expect((const struct wanted[]){
		{ "c", "sdk:anthropic", "c/main.py", "imports anthropic (line 6)" },
		{ "d", "sdk:openai", "d/main.py", "imports openai (line 2)" },
		{ "e", "vercel-ai", "e/index.ts", "imports ai (line 2)" },
		{ "f", "vercel-ai", "f/index.ts", "imports ai (line 1)" },
		{ 0 } });
}
END_TEST

START_TEST(a_library_is_none)
{
	make_root();
	write_at("a/pyproject.toml", "[project]\nname = \"langgraph\"\n");
	write_at("a/langgraph/pregel/main.py", "from langgraph.graph import StateGraph\nfrom langchain_core import x\nStateGraph(dict)\n");
	write_at("b/langgraph/__init__.py", "");
	write_at("b/langgraph/pregel/main.py", "from langgraph.graph import StateGraph\n");
	write_at("c/setup.py", "from setuptools import setup\nsetup(name=\"crewai\", packages=[])\n");
	write_at("c/src/crewai/cli/main.py", "from crewai import Crew\n");
	write_at("d/package.json", "{\"name\": \"ai\"}");
	write_at("d/src/main.ts", "import { generateText } from 'ai';\ngenerateText({})\n");
	write_at("e/pyproject.toml", "[project]\nname = \"langchain-openai\"\n");
	write_at("e/langchain_openai/chat.py", "import openai\nfrom langchain_core import x\n");
	write_at("f/pyproject.toml", "[tool.poetry]\nname = \"langgraph-agent\"\n");
	write_at("f/langgraph_agent/main.py", "from langgraph.graph import StateGraph\n");
	write_at("g/openai/__init__.py", "");
	write_at("g/openai/agent.py", "from openai import OpenAI\n");
	expect((const struct wanted[]){
		{ "f", "langgraph", "f/langgraph_agent/main.py", "imports langgraph.graph" },
		{ "g/openai", "sdk:openai", "g/openai/agent.py", "imports openai" },
		{ 0 } });
}
END_TEST

START_TEST(packages_parts_and_tests)
{
	make_root();
	write_at("a/pyproject.toml", "[project]\nname = \"lib\"\n");
	write_at("a/tests/test_x.py", "import openai\nopenai.OpenAI()\n");
	write_at("a/src/lib/llm_test.py", "import openai\n");
	write_at("b/bot/__main__.py", "from strands import Agent\nAgent()()\n");
	write_at("c/weather/agent.py", "from google.adk.agents import LlmAgent\nroot = LlmAgent()\n");
	write_at("c/weather/sub_agents/hourly/agent.py", "from google.adk.agents import LlmAgent\n");
	write_at("d/pyproject.toml", "[project]\nname = \"triage-bot\"\n");
	write_at("d/src/triage_bot/graph.py", "from langgraph.graph import StateGraph\nStateGraph(dict)\n");
	write_at("d/src/triage_bot/__main__.py", "from langgraph.graph import END\n");
	expect((const struct wanted[]){
		{ "b/bot", "strands", "b/bot/__main__.py", "imports strands" },
		{ "c/weather", "adk", "c/weather/agent.py", "has LlmAgent(" },
		{ "d", "langgraph", "d/src/triage_bot/graph.py", "has StateGraph(" },
		{ 0 } });
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, a_plain_main_is_none);
	tcase_add_test(tc, each_with_its_framework_and_brain);
	tcase_add_test(tc, imports_in_any_spelling);
	tcase_add_test(tc, words_about_a_library_are_no_import);
	tcase_add_test(tc, cockpit_yaml_goes_first);
	tcase_add_test(tc, files_belong_to_the_deepest);
	tcase_add_test(tc, types_alone_are_no_import);
	tcase_add_test(tc, a_library_is_none);
	tcase_add_test(tc, packages_parts_and_tests);
}

TEST_MAIN("fleet/agent")
