using System.Diagnostics;
using System.Globalization;
using Llm4Msr.Training;

namespace Llm4Msr.Cli;

/// <summary>What is worth knowing about a training while it runs, in one line.</summary>
internal sealed class TrainingLine(int seed, TrainingOptions options)
{
    private readonly Stopwatch _clock = new();
    private int _epoch;
    private long _rows;
    private string _validation = "";

    /// <summary>After a step; also how many epochs are done, in parts of one.</summary>
    public (double Done, string Text) After(int epoch, int step, int steps, float loss)
    {
        if (epoch != _epoch)
        {
            (_epoch, _rows) = (epoch, 0);
            _clock.Restart(); // the first step of an epoch is not counted, nor is the validation before it
        }
        else
        {
            _rows += options.BatchSize;
        }
        var speed = _rows > 0 ? string.Create(CultureInfo.InvariantCulture, $", {_rows / _clock.Elapsed.TotalSeconds:N0} rows/s") : "";
        return (epoch - 1 + (step + 1.0) / steps,
            string.Create(CultureInfo.InvariantCulture, $"seed {seed}, epoch {epoch} of at most {options.Epochs}, loss {loss:F4}{speed}{_validation}"));
    }

    public void After(EpochResult epoch) => _validation = ", validation AUC "
        + string.Join(", ", epoch.Validation.Scenarios.Select(s => string.Create(CultureInfo.InvariantCulture, $"{s.Scenario} {(s.Auc is { } auc ? $"{auc:F4}" : "undefined")}")));
}
