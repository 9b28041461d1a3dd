using System.Globalization;
using Llm4Msr.Data;
using Llm4Msr.Knowledge;
using Llm4Msr.Reasoning.Audit;
using Spectre.Console;
using static System.FormattableString;

namespace Llm4Msr.Cli;

/// <summary>What <c>audit leak</c> found: what was checked, what each part sees, and the verdict in a sentence.</summary>
internal static class AuditReport
{
    private const int MostShown = 10;

    public static void Print(IAnsiConsole console, KnowledgeFingerprint fingerprint, SplitKind split, bool withRun, bool withModel, LeakReport report)
    {
        console.WriteLine($"Protocol {fingerprint.Protocol.Spelling()}, split {Spelling.Of(split)}, knowledge of {fingerprint.Source}.");
        console.WriteLine(Prompts(report, withModel));
        if (report.ScenariosOfOtherSplits > 0)
            console.WriteLine(Invariant($"Not checked: {report.ScenariosOfOtherSplits:N0} scenario prompts about the training part of another split."));
        if (report.Latest is { } latest)
        {
            console.WriteLine(Invariant($"{(report.HasPrompts ? "Latest rank in a user's prompt" : "Latest rank that a user's snapshot may hold")}: {latest.Used:N0}, and {latest.AllowedThere:N0} was allowed there; ")
                + Invariant($"the smallest distance of any to what was allowed: {latest.SmallestMargin:N0} ranks."));
        }
        console.Write(Exposures(report));
        foreach (var finding in report.Findings.Take(MostShown))
            console.WriteLine(finding.Sentence);
        if (report.FindingCount > MostShown)
            console.WriteLine(Invariant($"... and {report.FindingCount - MostShown:N0} more{(report.FindingCount > report.Findings.Count ? "" : " (--json lists them)")}."));
        if (withRun)
            console.WriteLine("What the run's rows saw was looked up by the run's own code too, and compared.");
        console.WriteLine(Sentence(report));
    }

    private static string Prompts(LeakReport report, bool withModel)
    {
        if (!report.HasPrompts)
            return Invariant($"{report.Snapshots:N0} snapshots of users without prompts: these vectors were made elsewhere. What they were made from cannot be checked; the rank that each snapshot declares is believed, and every row of its user before that counted as in it.");
        if (!report.IsTemplateKnown)
            return Invariant($"{report.Users.Total + report.Scenarios.Total:N0} prompts, written with another template than this one: none can be written again. Name their template with --template.");
        var (users, scenarios) = (report.Users, report.Scenarios);
        return Invariant($"{users.Total:N0} user prompts ({report.Snapshots:N0} snapshots) and {scenarios.Total:N0} scenario prompts: {users.Rederived + scenarios.Rederived:N0} written again with the same hash, ")
            + Invariant($"{users.OtherRows:N0} hold other rows than those before their rank, {users.NotRederived + scenarios.NotRederived:N0} cannot be written again.")
            + (users.NotRederived + scenarios.NotRederived == 0 || withModel ? "" : " Titles of more than 64 tokens were cut by the model that was asked: name it with --model.");
    }

    private static Table Exposures(LeakReport report)
    {
        var table = EvaluationReport.NewTable("what the rows see");
        table.AddColumn("");
        EvaluationReport.AddColumns(table, ["rows", "with\nknowledge", "see\nthemselves", "see their\nfuture", "affected", "the protocol\nforbids it"]);
        foreach (var part in report.Parts.Where(p => p.Rows > 0))
        {
            table.AddRow(
                Spelling.Of(part.Part), Number(part.Rows), Number(part.WithKnowledge), Number(part.SeeThemselves), Number(part.SeeTheirFuture),
                (part.Affected / (double)part.Rows).ToString("P1", CultureInfo.InvariantCulture), part.IsForbidden ? "yes" : "no");
        }
        return table;
    }

    private static string Sentence(LeakReport report) => report.Verdict switch
    {
        LeakVerdict.Leak when report.Protocol == KnowledgeProtocol.WholePeriod && report.FindingCount == 0 =>
            Invariant($"LEAK, as whole-period means it: {report.ShareOfTestRows:P1} of the test rows see themselves or their future."),
        LeakVerdict.Leak => Invariant($"LEAK: {report.FindingCount:N0} snapshots or rows break the rule, and {report.ShareOfTestRows:P1} of the test rows see themselves or their future."),
        LeakVerdict.NotProven => "Not proven: nothing was found, but of prompts that cannot be written again nothing is known.",
        LeakVerdict.NoLeakAsDeclared => "No leak in what the snapshots declare about themselves.",
        _ when report.Protocol == KnowledgeProtocol.PastOnly => "No leak: every prompt is accounted for, and no row sees itself or its future.",
        _ => "No leak: every prompt is accounted for, and no row that is scored sees itself or its future.",
    };

    private static string Number(int value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
