using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Llm4Msr.Cli;

/// <summary>Results go to standard output, everything else to standard error.</summary>
internal sealed class Terminal
{
    private static readonly TimeSpan s_lineEvery = TimeSpan.FromMinutes(1);

    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) },
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    private readonly IAnsiConsole _errors = Open(Console.Error);

    /// <summary>Whether the result is wanted as JSON.</summary>
    public bool Json { get; set; }

    /// <summary>Prints the result: for programs as <paramref name="model"/>, for people as <paramref name="forPeople"/>.</summary>
    public void Result(object model, Action<IAnsiConsole> forPeople)
    {
        if (Json)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(model, s_json));
            return;
        }
        forPeople(Open(Console.Out));
    }

    /// <summary>Something worth knowing that is not the result.</summary>
    public void Say(string text) => _errors.WriteLine(text);

    public void Fail(string text) => _errors.MarkupLineInterpolated($"[red]error:[/] {text}");

    /// <summary>
    /// Runs long work with its progress and the time left on standard error: a bar on a terminal, elsewhere a line a minute.
    /// </summary>
    /// <param name="total">How much there is to do, in any unit.</param>
    /// <param name="work">Calls back with (how much is done, what is being done).</param>
    public void WithProgress(string title, double total, Action<Action<double, string>> work)
    {
        if (!_errors.Profile.Out.IsTerminal || !_errors.Profile.Capabilities.Ansi)
        {
            WithLines(title, total, work);
            return;
        }
        _errors.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new TimeLeftColumn())
            .Start(context =>
            {
                var task = context.AddTask(Markup.Escape(title), maxValue: Math.Max(total, 1e-9));
                work((done, what) =>
                {
                    task.Description = Markup.Escape($"{title}: {what}");
                    task.Value = done;
                });
            });
    }

    private void WithLines(string title, double total, Action<Action<double, string>> work)
    {
        var clock = Stopwatch.StartNew();
        var next = s_lineEvery;
        work((done, what) =>
        {
            if (clock.Elapsed < next)
                return;
            next = clock.Elapsed + s_lineEvery;
            var left = done > 0 ? $", {Numbers.Duration(clock.Elapsed * ((total - done) / done))} left" : "";
            var share = total > 0 ? string.Create(CultureInfo.InvariantCulture, $" ({done / total:P0}{left})") : ""; // of a pipe nobody knows
            Say($"{title}: {what}{share}");
        });
    }

    private sealed class TimeLeftColumn : ProgressColumn
    {
        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime) =>
            new Text(task.RemainingTime is { } left ? $"{Numbers.Duration(TimeSpan.FromSeconds(Math.Ceiling(left.TotalSeconds)))} left" : "");
    }

    private static IAnsiConsole Open(TextWriter writer)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer) });
        if (!console.Profile.Out.IsTerminal)
            console.Profile.Width = 10_000; // what goes to a file or a program is not wrapped to a window
        return console;
    }
}
