using System.CommandLine;
using Llm4Msr.Platform;
using Spectre.Console;
using TorchSharp;

namespace Llm4Msr.Cli.Verbs;

/// <summary><c>llm4msr report</c>: runs and results as one page that people read.</summary>
internal static class ReportVerb
{
    public static Command Create(Cli cli)
    {
        var sources = new Argument<string[]>("runs")
        {
            Description = "Run folders, result folders ('controls', 'protocols', 'reproduce', 'value'), and files of what 'audit leak', 'knowledge stats' or 'reason' printed with --json.",
            HelpName = "RUN",
            Arity = ArgumentArity.OneOrMore,
        };
        var output = new Option<string>("--out") { Description = "File of the page; the figures go beside it as JSON and CSV.", DefaultValueFactory = _ => "report.html", HelpName = "FILE.html" };
        var knowledge = new Option<string?>("--knowledge") { Description = "Store that the runs were trained with: audit, quality, tokens and a case study.", HelpName = "KNOWLEDGE.db" };
        var user = new Option<string?>("--user") { Description = "With --knowledge: whom the case study is about [default: the user with the most rows]." };
        var (template, model) = (PromptDefaults.TemplateOption(), PromptDefaults.ModelOption());
        var settings = new EvaluationSettings();
        var verb = new Verb("report", "Runs and results as one HTML file, the verdict first: tables, plots, a case study, the leak audit, costs, and how to run it again.",
            "llm4msr report runs/star runs/star-llm4msr runs/star-shuffled --knowledge knowledge.db --out report.html", "llm4msr report controls paper --knowledge knowledge.db")
        {
            sources, output, knowledge, user, template, model,
        };
        settings.AddTo(verb);
        verb.SetAction(parsed =>
        {
            var files = new ReportFiles(parsed.GetRequiredValue(output));
            files.CheckFree();
            if (parsed.GetValue(user) is not null && parsed.GetValue(knowledge) is null)
                throw new Llm4MsrException(FaultKind.Usage, "--user chooses whom the case study is about, which needs --knowledge. Name the store.");
            if (parsed.GetValue(model) is not null && parsed.GetValue(knowledge) is null)
                throw new Llm4MsrException(FaultKind.Usage, "--model writes the prompts of a store again, which needs --knowledge. Name the store.");
            Libtorch.Require();
            torch.set_num_threads(1);
            var maker = new ReportMaker(
                ReportSources.Of(parsed.GetRequiredValue(sources)), settings.DataOf(parsed), settings.PartOf(parsed), settings.OptionsOf(parsed), parsed.GetValue(knowledge),
                PromptDefaults.Template(parsed.GetValue(template)), parsed.GetValue(user), TypedCommand.Of(parsed), parsed.GetValue(model));
            var figures = maker.Write(cli, files);
            cli.Terminal.Result(
                new { page = files.Page, json = files.Json, csv = files.Csv, runs = figures.Runs.Select(r => r.Name), figures.Verdict, figures.VerdictDetail },
                console =>
                {
                    foreach (var sentence in figures.VerdictDetail.Prepend(figures.Verdict))
                        console.WriteLine(sentence);
                    console.WriteLine($"The report is in {files.Page}, its figures in {files.Json} and {files.Csv}. A browser opens it from the disk.");
                });
        });
        return verb;
    }
}
