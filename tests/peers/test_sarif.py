#!/usr/bin/env python3
"""The SARIF of `report` before the official validator. peers: protocols sarif"""
import os, subprocess, sys
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.exit(subprocess.run([os.path.join(ROOT, 'tests', 'data', 'test_report.py'), 'official_validator']).returncode)
