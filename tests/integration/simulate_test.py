"""`yingda simulate` in its short form: the real server, really killed, loses nothing and says nothing twice."""
import json
import os
import subprocess
import tempfile
import unittest

from blackbox import PROGRAM


def simulate(*arguments):
    return subprocess.run([PROGRAM, "simulate", *map(str, arguments)], capture_output=True, text=True, timeout=280)


class SimulateTest(unittest.TestCase):
    def test_sixty_followers_lose_nothing_through_a_kill(self):
        result = simulate("--followers", 60, "--minutes", 2, "--kills", 1, "--json")
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        report = json.loads(result.stdout)
        for must in ("lost", "twice", "foreign", "unexplained_calls", "wrong_keyword_replies", "bad_replies",
                     "unequal_replies"):
            self.assertEqual(report[must], 0, report)
        # It was a run worth the name: questions, tries that failed, answers that were late, and a kill amid the work.
        self.assertGreater(report["accepted"], 100)
        self.assertGreater(report["pushes"], report["messages"])
        self.assertGreater(report["delivered"]["try1"], 10)
        self.assertGreater(sum(report["delivered"].values()) - report["delivered"]["try1"], 10)
        self.assertEqual(sum(report["delivered"].values()) + report["lost_on_the_wire"], report["accepted"])
        self.assertEqual(report["kills"], 1)
        self.assertGreater(report["repeated_calls"], 0)
        self.assertEqual(report["model_calls"] - report["repeated_calls"], report["accepted"])

    def test_the_summary_is_for_people_and_the_progress_goes_elsewhere(self):
        result = simulate("--followers", 5, "--minutes", 1, "--kills", 0, "--seed", 3)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertIn("delivered twice", result.stdout)
        self.assertTrue(result.stdout.endswith("good\n"))
        self.assertIn("0:00 of 1:00", result.stderr)

    def test_impossible_runs_are_refused(self):
        for arguments in (["--followers", "0"], ["--kills", "-1"], ["--lost-replies", "91"], ["--seed", "x"]):
            self.assertEqual(simulate(*arguments).returncode, 64, arguments)

    def test_a_kept_folder_holds_the_run_and_is_not_taken_for_another(self):
        with tempfile.TemporaryDirectory() as folder:
            run = ["--followers", 2, "--minutes", 0.2, "--kills", 0, "--keep", os.path.join(folder, "run")]
            self.assertEqual(simulate(*run).returncode, 0)
            self.assertIn("yingda.db", os.listdir(os.path.join(folder, "run")))
            again = simulate(*run)
            self.assertEqual(again.returncode, 69)
            self.assertIn("name another folder", again.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
