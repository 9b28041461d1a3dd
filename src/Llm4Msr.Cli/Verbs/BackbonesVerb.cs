using System.CommandLine;
using System.Globalization;
using Llm4Msr.Models;
using Llm4Msr.Platform;
using Llm4Msr.Training;
using Spectre.Console;
using TorchSharp;
using static System.FormattableString;

namespace Llm4Msr.Cli.Verbs;

/// <summary><c>llm4msr backbones</c>: which there are, what each is made of, and whether it computes what others computed.</summary>
internal static class BackbonesVerb
{
    private const int ExampleInputs = 32, ExampleScenarios = 3;

    public static Command Create(Cli cli) => new Verb("backbones", "The networks that there are: list, explain, verify.",
        "llm4msr backbones list") { List(cli), Show(cli), Verify(cli) };

    private static Verb List(Cli cli)
    {
        var verb = new Verb("list", "Every backbone in a line.", "llm4msr backbones list");
        verb.SetAction(_ =>
        {
            var all = Enum.GetValues<BackboneKind>().Select(kind => (Name: Spelling.Of(kind), Entry: BackboneCatalog.Entry(kind))).ToList();
            cli.Terminal.Result(all.Select(b => new { b.Name, b.Entry.What, b.Entry.Paper }), console =>
            {
                var width = all.Max(b => b.Name.Length) + 2;
                foreach (var (name, entry) in all)
                    console.WriteLine($"{name.PadRight(width)}{entry.What}");
                console.WriteLine("Next: 'llm4msr backbones show NAME', or 'llm4msr train DATA --backbone NAME'.");
            });
        });
        return verb;
    }

    private static Verb Show(Cli cli)
    {
        var name = Spelling.Argument<BackboneKind>("name", "A backbone.");
        var verb = new Verb("show", "What a backbone is, where it comes from, and its parameters in a small example.", "llm4msr backbones show mmoe") { name };
        verb.SetAction(parsed =>
        {
            Libtorch.Require();
            var kind = parsed.GetRequiredValue(name);
            var (entry, options) = (BackboneCatalog.Entry(kind), new ModelOptions { Backbone = kind });
            using var scope = torch.NewDisposeScope();
            using var random = new torch.Generator(1, torch.CPU);
            using var backbone = entry.Create(ExampleInputs, ExampleScenarios, options, random);
            var parameters = backbone.named_parameters().Select(p => (Name: p.name, Shape: p.parameter.shape)).ToList();
            var count = parameters.Sum(p => p.Shape.Aggregate(1L, (product, d) => product * d));
            cli.Terminal.Result(
                new { name = Spelling.Of(kind), entry.What, entry.Paper, inputs = ExampleInputs, scenarios = ExampleScenarios, hidden = options.HiddenWidths, count, parameters = parameters.Select(p => new { p.Name, p.Shape }) },
                console =>
                {
                    console.WriteLine($"{Spelling.Of(kind)}: {entry.What}");
                    console.WriteLine($"After {entry.Paper}.");
                    console.WriteLine(Invariant($"With {ExampleInputs} inputs, {ExampleScenarios} scenarios, hidden widths {string.Join(',', options.HiddenWidths)}: {count:N0} parameters."));
                    foreach (var (parameter, shape) in parameters)
                        console.WriteLine($"  {parameter} [{string.Join(", ", shape)}]");
                });
        });
        return verb;
    }

    private static Verb Verify(Cli cli)
    {
        var folder = new Argument<string>("folder") { Description = "Reference numbers: golden.json and *.safetensors." };
        var verb = new Verb("verify", "Compute a folder of reference numbers again in float64; exit code 3 where a cell is out of tolerance.",
            "llm4msr backbones verify test/golden/ctr")
        {
            folder,
        };
        verb.SetAction(parsed =>
        {
            Libtorch.Require();
            torch.set_num_threads(1);
            var replay = new ReferenceReplay(parsed.GetRequiredValue(folder));
            List<ReplayedCell> cells = [];
            foreach (var cell in replay.Cells)
            {
                cli.Cancellation.ThrowIfCancellationRequested();
                cells.Add(replay.Replay(cell));
            }
            var wrong = cells.Count(c => !c.IsWithinTolerance);
            cli.Terminal.Result(
                new { folder = parsed.GetRequiredValue(folder), tolerance = ReferenceReplay.Tolerance, wrong, cells },
                console => Print(console, cells, wrong));
            return wrong == 0 ? 0 : (int)FaultKind.CheckFailed;
        });
        return verb;
    }

    private static void Print(IAnsiConsole console, List<ReplayedCell> cells, int wrong)
    {
        var table = new Table { Border = TableBorder.Simple };
        table.AddColumn("cell");
        table.AddColumn(new TableColumn("tensors").RightAligned());
        table.AddColumn(new TableColumn("largest difference").RightAligned());
        table.AddColumn("where");
        foreach (var cell in cells)
        {
            table.AddRow(
                new Text(cell.Cell), new Text(cell.Tensors.Count.ToString(CultureInfo.InvariantCulture)),
                new Text(cell.Worst.Difference.ToString("0.0e+00", CultureInfo.InvariantCulture)),
                new Text(cell.IsWithinTolerance ? cell.Worst.What : $"{cell.Worst.What}: OUT OF TOLERANCE"));
        }
        console.Write(table);
        console.WriteLine(Invariant($"{cells.Count - wrong} of {cells.Count} cells are within {ReferenceReplay.Tolerance:0e+00} of the largest number of each tensor."));
    }
}
