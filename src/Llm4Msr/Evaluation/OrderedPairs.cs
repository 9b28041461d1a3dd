namespace Llm4Msr.Evaluation;

/// <summary>
/// Counts, over rows that come in ascending order of their score, the pairs of a clicked and an unclicked row that are in
/// the right order; equal scores count half. Exact: every count is a whole number of halves.
/// </summary>
internal struct OrderedPairs
{
    private uint _rank;
    private long _clicked, _unclicked, _clickedHere, _unclickedHere; // here: at the score of the last row
    private double _ordered;

    public readonly long Rows => _clicked + _unclicked + _clickedHere + _unclickedHere;

    public void Add(ulong word)
    {
        if (ScoreOrder.Rank(word) != _rank)
        {
            Close();
            _rank = ScoreOrder.Rank(word);
        }
        if (ScoreOrder.Clicked(word))
            _clickedHere++;
        else
            _unclickedHere++;
    }

    /// <summary>Null where one of the classes has no row: then there is no pair.</summary>
    public double? Share()
    {
        Close();
        return _clicked == 0 || _unclicked == 0 ? null : _ordered / ((double)_clicked * _unclicked);
    }

    private void Close()
    {
        _ordered += _clickedHere * (_unclicked + _unclickedHere / 2.0);
        _clicked += _clickedHere;
        _unclicked += _unclickedHere;
        _clickedHere = _unclickedHere = 0;
    }
}
