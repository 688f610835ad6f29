"""Fails where a JUnit file is not well-formed, or not of the structure that Jenkins' junit-10.xsd and GitLab's reader expect."""
import re
import sys
import xml.etree.ElementTree as ElementTree

ALLOWED = {
    "testsuites": ({"name", "tests", "failures", "errors", "skipped", "time"}, {"testsuite"}),
    "testsuite": ({"name", "tests", "failures", "errors", "skipped", "time", "timestamp", "hostname"}, {"properties", "testcase"}),
    "properties": (set(), {"property"}),
    "property": ({"name", "value"}, set()),
    "testcase": ({"classname", "name", "time"}, {"failure", "error", "skipped"}),
    "failure": ({"type", "message"}, set()),
    "error": ({"type", "message"}, set()),
    "skipped": ({"message"}, set()),
}


def check(element, wrong):
    attributes, children = ALLOWED[element.tag]
    if extra := set(element.attrib) - attributes:
        wrong.append(f"<{element.tag}> has {extra}")
    for child in element:
        if child.tag not in children:
            wrong.append(f"<{child.tag}> in <{element.tag}>")
        else:
            check(child, wrong)


def check_counts(suite, wrong):
    cases = suite.findall("testcase")
    counts = {"tests": len(cases)}
    for attribute, child in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        counts[attribute] = sum(case.find(child) is not None for case in cases)
    wrong += [f"{suite.get('name')}: {name} says {suite.get(name)}, has {n}" for name, n in counts.items() if int(suite.get(name)) != n]
    names = [(case.get("classname"), case.get("name")) for case in cases]
    if len(names) != len(set(names)):
        wrong.append(f"{suite.get('name')}: a name stands twice")
    if "timestamp" in suite.attrib and not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.get("timestamp")):
        wrong.append(f"timestamp {suite.get('timestamp')} is no ISO 8601 time without a zone")
    if suite.find("properties") is not None and suite[0].tag != "properties":
        wrong.append("properties do not come first")


wrong = []
root = ElementTree.parse(sys.argv[1]).getroot()
if root.tag != "testsuites":
    wrong.append(f"the root is <{root.tag}>")
check(root, wrong)
for each in root.findall("testsuite"):
    check_counts(each, wrong)
for line in wrong[:20]:
    print(line)
sys.exit(1 if wrong else 0)
