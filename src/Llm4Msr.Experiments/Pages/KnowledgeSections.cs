using System.Xml.Linq;
using Llm4Msr.Knowledge;
using Llm4Msr.Reasoning.Audit;
using Llm4Msr.Serving;

namespace Llm4Msr.Experiments.Pages;

/// <summary>What the language model was asked and said, whether it was allowed to see it, and how good it looks.</summary>
internal static class KnowledgeSections
{
    private const string WithStore = "llm4msr report RUN --knowledge KNOWLEDGE.db";

    public static Section Case(ReportFigures figures)
    {
        const string Title = "Case study: one user";
        if (figures.Case is not { } study)
            return new Section("case", Title, Section.Missing("Prompt, text and knowledge of one user, from a store with texts:", WithStore));
        var said = study.Leaned.SelectMany(line => line.Words).ToHashSet(StringComparer.Ordinal);
        const int MostLines = 12;
        return new Section("case", Title,
            Html.P("User ", Html.Foreign(study.User), FormattableString.Invariant($", as of rank {study.AsOfRank:N0}. The language model said:")),
            Html.Of("blockquote", Html.Of("bdi", Marked(study.Text, said))),
            study.Prompt is null
                ? Html.Classed("p", "missing", "The prompt cannot be written again from these data: --template names its own wording, --model the language model that cut its long titles.")
                : Html.P(FormattableString.Invariant($"Of the {study.ItemsInPrompt:N0} items that the prompt names, the text leans on {study.Leaned.Count:N0}{(study.Leaned.Count == 0 ? "." : ":")}")),
            study.Leaned.Count == 0 ? null : Html.Classed("ul", "lines", study.Leaned.Take(MostLines).Select(line => Html.Of("li", Html.Of("bdi", Marked(line.Text, [.. line.Words])), " → ", string.Join(", ", line.Words)))),
            study.Leaned.Count > MostLines ? Html.Classed("p", "soft", FormattableString.Invariant($"... and {study.Leaned.Count - MostLines:N0} more.")) : null,
            study.Leaned.Count == 0 ? null : Html.Classed("p", "soft", "A line is named where it shares a word with the text, or where a word of the text is said clearly more often (four standard errors) about users whose history holds the item."),
            study.Prompt is null ? null : Html.Details("The whole prompt", Html.Of("blockquote", Html.Of("bdi", Marked(study.Prompt, said)))),
            study.Explanation is { } explanation ? Explained(explanation) : null,
            study.Scenarios.Count == 0 ? null : Html.Details("What was said about the scenarios", study.Scenarios.Select(s => new object[] { Html.Of("h3", Html.Foreign(s.Key)), Html.Of("blockquote", Html.Foreign(s.Value)) })),
            Html.Classed("p", "soft", "The model reads hidden states, never words: text and prompt are evidence of what was known, not the cause of a prediction."));
    }

    public static Section Audit(ReportFigures figures)
    {
        const string Title = "Leak audit";
        if (figures.Audit is not { } audit)
            return new Section("audit", Title, Section.Missing("Whether a row saw itself or its future:", WithStore));
        var (words, kind) = audit.Verdict switch
        {
            LeakVerdict.NoLeak => ("No leak: every prompt was written again from the data, and no row sees what its protocol forbids.", "ahead"),
            LeakVerdict.NoLeakAsDeclared => ("No leak in what the snapshots declare about themselves: these vectors have no prompts to check.", "ahead"),
            LeakVerdict.NotProven => ("Not proven: nothing was found, but of prompts that cannot be written again nothing is known. Name their wording with --template, the language model that cut long titles with --model.", "behind"),
            _ => (FormattableString.Invariant($"LEAK: {audit.FindingCount:N0} snapshots or rows break the rule, and {Numbers.Share(audit.ShareOfTestRows)} of the test rows see themselves or their future."), "behind"),
        };
        var (users, scenarios) = (audit.Users, audit.Scenarios);
        return new Section("audit", Title,
            Html.P(Html.Classed("span", kind, words), $" Protocol {audit.Protocol.Spelling()}."),
            Html.P(FormattableString.Invariant($"{users.Total:N0} user and {scenarios.Total:N0} scenario prompts: {users.Rederived + scenarios.Rederived:N0} written again with the same hash, {users.OtherRows:N0} hold other rows than those before their rank, {users.NotRederived + scenarios.NotRederived:N0} cannot be written again.")),
            Html.Table("What the rows see", ["part", "rows", "with knowledge", "see themselves", "see their future", "the protocol forbids it"],
                audit.Parts.Where(p => p.Rows > 0).Select(p => (IEnumerable<object?>)[
                    Numbers.Word(p.Part), Numbers.Count(p.Rows), Numbers.Count(p.WithKnowledge), Numbers.Count(p.SeeThemselves), Numbers.Count(p.SeeTheirFuture), p.IsForbidden ? "yes" : "no"])),
            audit.Findings.Count == 0 ? null : Html.Classed("ul", "lines", audit.Findings.Take(10).Select(f => Html.Of("li", Html.Foreign(f.Sentence)))));
    }

    public static Section Protocols(ReportFigures figures)
    {
        const string Title = "How much of a gain is leakage";
        if (figures.Protocols is not { Protocols.Count: > 0 } found)
            return new Section("leakage", Title, Section.Missing("What knowledge gains under protocols that differ in what a prompt may hold:", "llm4msr protocols DATA --knowledge PAST-ONLY.db WHOLE-PERIOD.db --out protocols, then name the folder here"));
        return new Section("leakage", Title,
            Html.P(string.Join(' ', found.Detail.Prepend(found.Sentence))), found.Differences is { } differences ? Html.P(Html.Foreign(differences)) : null,
            Html.Table("What it gains, and what the rows that say so could see", ["protocol", "AUC", "over none", "over shuffled", "test rows with knowledge", "see themselves", "see their future", "prompts proven", "leakage"],
                found.Protocols.Select(p => (IEnumerable<object?>)[
                    p.Protocol.Spelling(), Numbers.Figure(p.Auc), ResultSections.Gain(p.OverNone), ResultSections.Gain(p.OverShuffled), Numbers.Count(p.WithKnowledge),
                    Numbers.Count(p.SeeThemselves), Numbers.Count(p.SeeTheirFuture), $"{Numbers.Count(p.Rederived)} of {Numbers.Count(p.Prompts)}", ResultSections.Gain(p.Leakage),
                ])));
    }

    public static Section Quality(ReportFigures figures)
    {
        const string Title = "Knowledge quality";
        if (figures.Knowledge is not { } knowledge)
            return new Section("quality", Title, Section.Missing("How good the stored knowledge looks:", WithStore));
        var (users, scenarios) = (knowledge.Quality.Users, knowledge.Quality.Scenarios);
        var fingerprint = knowledge.Fingerprint;
        return new Section("quality", Title,
            Html.P(Html.Foreign(fingerprint.Source), FormattableString.Invariant($" ({fingerprint.Decoding}), protocol {fingerprint.Protocol.Spelling()}, {(fingerprint.HistoryLength > 0 ? $"T = {fingerprint.HistoryLength}" : "T not known")}, {knowledge.Records:N0} records.")),
            Html.Table("Figures in which poor knowledge shows", ["", "users", "scenarios"],
            [
                Line("records", level => Numbers.Count(level.Records)),
                Line("texts that another has too", level => Numbers.Share(level.SharedTexts)),
                Line("openings that another has too", level => Numbers.Share(level.SharedOpenings)),
                Line("prompts with items cut", level => Numbers.Share(level.CutPrompts)),
                .. fingerprint.States.Select(state => Line($"effective rank, {state}", level => Numbers.Figure(level.EffectiveRank.GetValueOrDefault(state), "0.0"))),
            ]),
            Html.Classed("p", "soft", FormattableString.Invariant($"Vectors have {fingerprint.UserWidth:N0} values for users and {fingerprint.ScenarioWidth:N0} for scenarios. The effective rank is the number of directions in which they differ: near 1, all say the same.")));

        object?[] Line(string name, Func<LevelQuality, string> figure) => [name, users.Records == 0 ? "none" : figure(users), scenarios.Records == 0 ? "none" : figure(scenarios)];
    }

    private static XElement Explained(Explanation explanation)
    {
        var knowledge = explanation.Knowledge;
        List<object?[]> rows = [["as it is", Numbers.Figure(explanation.Probability), Numbers.WithSign(explanation.Logit), ""]];
        void Add(object name, float? logit)
        {
            if (logit is { } other)
                rows.Add([name, Numbers.Figure(1 / (1 + Math.Exp(-other))), Numbers.WithSign(other), Numbers.WithSign(explanation.Logit - other)]);
        }
        Add("without user knowledge", knowledge?.LogitWithoutUser);
        Add("without scenario knowledge", knowledge?.LogitWithoutScenario);
        if (knowledge?.Nearest is { } nearest)
            Add(new object[] { "with that of user ", Html.Foreign(nearest.User), FormattableString.Invariant($", the nearest (cosine {nearest.Cosine:0.000})") }, nearest.Logit);
        return Html.Of("div",
            Html.P("What a model does with it: this user's last row, item ", Html.Foreign(explanation.Item), " in ", Html.Foreign(explanation.Scenario), explanation.Clicked == true ? ", clicked." : ", not clicked."),
            Html.Table("One prediction, scored again with other knowledge", ["", "probability", "logit", "effect"], rows));
    }

    /// <summary>The text with words marked, whatever case they are in.</summary>
    private static IEnumerable<object> Marked(string text, HashSet<string> words)
    {
        var at = 0;
        foreach (var word in CaseStudy.Word().Matches(text).Where(m => words.Contains(m.Value.ToLowerInvariant())))
        {
            yield return text[at..word.Index];
            yield return Html.Of("mark", word.Value);
            at = word.Index + word.Length;
        }
        yield return text[at..];
    }
}
