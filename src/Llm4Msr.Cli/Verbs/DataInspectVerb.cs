using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Llm4Msr.Import;
using Llm4Msr.Import.Configuration;
using Llm4Msr.Platform;
using Spectre.Console;

namespace Llm4Msr.Cli.Verbs;

/// <summary><c>llm4msr data inspect</c> and <c>schema</c>: from a file of logs to a configuration of its import.</summary>
internal static class DataInspectVerb
{
    private const int MostShown = 3, LongestShown = 30;

    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(30);

    public static Command Create(Cli cli)
    {
        var file = new Argument<FileInfo>("file") { Description = "A CSV, TSV, JSON lines or Parquet file." };
        var output = new Option<string?>("--out") { Description = "File for the proposed configuration, in the folder of the logs; it is not there yet.", HelpName = "FILE.json" };
        var verb = new Verb("inspect", "What the columns of a file hold, and a proposal of how to import it.",
            "llm4msr data inspect clicks.csv", "llm4msr data inspect clicks.csv --out clicks.json")
        {
            file, output,
        };
        verb.SetAction(parsed => Run(cli, parsed.GetRequiredValue(file).FullName, parsed.GetValue(output)));
        return verb;
    }

    public static Command Schema(Cli cli)
    {
        var verb = new Verb("schema", "The JSON schema of an import's configuration, for editors.", "llm4msr data schema > import.schema.json");
        verb.SetAction(_ => cli.Terminal.Result(ImportJson.SchemaNode(), console => console.WriteLine(ImportJson.SchemaNode().ToJsonString(ImportJson.Options))));
        return verb;
    }

    private static void Run(Cli cli, string file, string? output)
    {
        if (output is not null && File.Exists(output))
            throw new Llm4MsrException(FaultKind.Usage, $"'{output}' is there already. Name another file.");
        if (output is not null)
            OutputFile.CheckPlace(output);
        var profile = ImportProcess.Profile(file, s_limit, cli.Cancellation);
        if (output is not null)
            DurableFile.WriteText(output, Proposal(profile));
        cli.Terminal.Result(profile, console => Print(console, profile, output));
    }

    private static void Print(IAnsiConsole console, FileProfile profile, string? output)
    {
        console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{profile.File}: {profile.Rows:N0} rows, {profile.NoRows:N0} lines that are no rows."));
        var table = new Table { Border = TableBorder.Simple };
        foreach (var name in new[] { "column", "taken for", "missing", "distinct", "numbers", "least", "greatest", "frequent" })
            table.AddColumn(name);
        foreach (var column in profile.Columns)
        {
            table.AddRow(
                new Text(column.Name), new Text(column.Role), Number(column.Missing), Distinct(column),
                new Text(column.Numbers.ToString("P0", CultureInfo.InvariantCulture)), new Text(column.Least), new Text(column.Greatest), new Text(string.Join(" | ", column.Frequent.Take(MostShown).Select(v => v.ReplaceLineEndings(" ").Shortened(LongestShown)))));
        }
        console.Write(table);
        foreach (var note in profile.Notes)
            console.WriteLine(note);
        console.WriteLine(output is null ? $"Proposal:\n{Proposal(profile)}" : $"Proposal written to {output}. Read it, then: 'llm4msr prepare {output} --out DATA'.");
    }

    private static string Proposal(FileProfile profile) => JsonSerializer.Serialize(profile.Configuration, ImportJson.Options) + "\n";

    private static Text Distinct(ColumnProfile column) => column.IsCounted
        ? Number(column.Distinct)
        : new(string.Create(CultureInfo.InvariantCulture, $"about {column.Distinct:N0}"));

    private static Text Number(long count) => new(count.ToString("N0", CultureInfo.InvariantCulture));
}
