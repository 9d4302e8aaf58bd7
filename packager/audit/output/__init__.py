"""Findings for other programs: SARIF, annotations of CI."""
